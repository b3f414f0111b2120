-- 6. The companions of section 5, and each member's value (section 7).

-- Shares: 2.1.a's over offices_total, 2.2.a's over what is required; 6.1.a's participation over the answers; else none.
-- n_reported is of the companion's own question (section 7): of a family of services also where the total is left open,
-- an NA included (decisions, NA in a family).
CREATE TABLE family_reported AS
SELECT '3.1.a/' || f.family AS series, e.scope, e.quarter, count(*) AS members
FROM family f JOIN counted USING (quarter, member, version) JOIN expected e USING (quarter, member)
WHERE f.codes IS NOT NULL GROUP BY ALL;

CREATE TABLE companion AS
SELECT s.series, s.scope, s.quarter, s.value, s.share, coalesce(f.members, s.n_reported) AS n_reported
FROM stock s LEFT JOIN family_reported f USING (series, scope, quarter)
UNION ALL
SELECT series, scope, quarter, value, NULL, n_reported FROM ever
UNION ALL
SELECT s.series, e.scope, p.quarter, sum(r.value), CASE s.kpi WHEN '6.1.a' THEN avg(r.value) END, count(r.value)
FROM series s CROSS JOIN period p JOIN expected e USING (quarter)
LEFT JOIN reported r USING (series, quarter, member)
WHERE s.measure = 'sum_reported' AND (p.is_collected OR s.kpi = '6.1.a' AND p.qi >= coalesce(p.first_qi, (SELECT max(qi) FROM period)))
GROUP BY s.series, s.kpi, e.scope, p.quarter
UNION ALL
SELECT unnest(['6.1.a/monitoring', '6.1.a/on_time', '6.1.a/with_late']), scope, quarter,
       100 * unnest([monitoring, on_time, with_late]) / n_expected, NULL, unnest([monitoring, monitoring, with_late]) FROM rate;

CREATE TABLE kpi_components AS
SELECT p.quarter, c.scope, s.kpi, s.component, s.unit, f.value, f.share, f.n_reported
FROM period p CROSS JOIN scope c CROSS JOIN series s
LEFT JOIN companion f ON (f.series, f.scope, f.quarter) = (s.series, c.scope, p.quarter)
WHERE s.component <> '';

-- The known members of the stock KPIs, with the total of 2.1.a and 5.1.a; the reported ones of the flows.
CREATE TABLE member_values AS
SELECT t.quarter, t.member, s.kpi, t.value, CASE WHEN s.kpi IN ('2.1.a', '5.1.a') THEN t.total END AS denominator, t.basis,
       c.quarter AS source_quarter
FROM standing t JOIN series s USING (series) JOIN calendar c ON c.qi = t.source_qi WHERE s.component = ''
UNION ALL
SELECT r.quarter, r.member, s.kpi, r.value, NULL, 'reported', r.quarter
FROM reported r JOIN series s USING (series) JOIN period p USING (quarter) WHERE s.measure = 'sum_flow';
