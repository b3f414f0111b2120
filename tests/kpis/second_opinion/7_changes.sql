-- 7. What a total's change on the quarter before is made of (section 5, change).

-- `before`: the figure of the quarter before as it stood at its own first cut-off: of the versions received by then the
-- latest counts. (The answers of a version are taken as they stand today: a confirmation recorded since is not undone.)
CREATE TABLE first_total AS
WITH then_counted AS (
    SELECT p.quarter AS edition, p.qi AS edition_qi, a.qi, a.quarter, a.member, max(a.version) AS version
    FROM period p JOIN accepted a ON a.qi BETWEEN p.qi - 4 AND p.qi AND a.received_on <= p.cutoff GROUP BY ALL),
then_standing AS (
    SELECT t.edition, t.member, h.series, arg_max({'value': h.value}, h.qi)['value'] AS value
    FROM then_counted t JOIN heard h USING (quarter, member, version) GROUP BY ALL)
SELECT s.series, e.scope, s.edition AS quarter, sum(s.value) AS value
FROM then_standing s JOIN expected e ON (e.quarter, e.member) = (s.edition, s.member)
WHERE s.edition IN (SELECT edition FROM then_counted WHERE qi = edition_qi)   -- else that quarter's figure was blank
GROUP BY ALL;

-- Then the members, one by one: known in both quarters or in one.
CREATE TABLE moved AS
WITH pair AS (
    SELECT q.quarter, b.quarter AS previous FROM period q JOIN period b ON b.qi = q.qi - 1),
anyone AS (
    SELECT DISTINCT p.quarter, p.previous, e.scope, e.member
    FROM pair p JOIN expected e ON e.quarter IN (p.quarter, p.previous))
SELECT y.quarter, y.previous, y.scope, s.series, y.member, b.value AS was, n.value AS became,
       b.basis = 'reported' AND n.basis = 'reported' AS is_matched
FROM anyone y CROSS JOIN series s
LEFT JOIN standing n ON (n.series, n.quarter, n.member) = (s.series, y.quarter, y.member)
LEFT JOIN standing b ON (b.series, b.quarter, b.member) = (s.series, y.previous, y.member)
WHERE s.measure = 'sum_known' AND s.component = '';

CREATE TABLE changes AS
SELECT m.quarter, m.scope, m.series AS kpi, coalesce(any_value(f.value), 0) AS before,
       coalesce(sum(m.was), 0) - before AS revisions,
       coalesce(sum(m.became - m.was) FILTER (m.is_matched), 0) AS matched,
       coalesce(sum(m.became - m.was) FILTER (NOT m.is_matched), 0) AS carried_effect,
       coalesce(sum(m.became) FILTER (m.was IS NULL), 0) AS entered,
       coalesce(-sum(m.was) FILTER (m.became IS NULL), 0) AS left,
       coalesce(sum(m.became), 0) AS after
FROM moved m LEFT JOIN first_total f ON (f.series, f.scope, f.quarter) = (m.series, m.scope, m.previous)
GROUP BY m.quarter, m.scope, m.series;
