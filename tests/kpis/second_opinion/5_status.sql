-- 5. All figures in one table, their coverage class, their status and how robust it is (section 5, coverage and status).

CREATE TABLE figure AS
SELECT series, scope, quarter, value, share, lower, upper, share_lower, share_upper, n_reported, n_carried, n_expected,
       coverage, true AS complete FROM stock
UNION ALL BY NAME
SELECT series, scope, quarter, value, lower, upper, n_reported, n_carried, n_expected, coverage, true AS complete FROM ever
UNION ALL BY NAME
SELECT series, scope, quarter, value, lower, upper, n_reported, n_carried, n_expected, coverage, true AS complete FROM flow
UNION ALL BY NAME
SELECT series, scope, quarter, value, value AS lower, value AS upper, 1 AS coverage, complete FROM milestone
UNION ALL BY NAME
SELECT series, scope, quarter, value, value AS lower, value AS upper, 1 AS coverage, true AS complete FROM register
UNION ALL BY NAME
SELECT '6.1.a' AS series, scope, quarter, value, value AS lower, value AS upper, monitoring AS n_reported, 0 AS n_carried,
       n_expected, 1 AS coverage, true AS complete FROM rate;

-- One row per KPI, scope and quarter, blank where there is no figure. A region is judged only on a share or a percentage.
-- Class A from 2/3, B from 1/2, C below; at best B when fewer than a third of those expected reported now.
CREATE TABLE placed AS
SELECT p.quarter, p.qi, s.scope, k.kpi, k.unit, k.measure, d.qi AS due,
       s.scope = 'PAPU' OR k.assessed = 'share' OR k.unit = 'percent' AS has_target,
       CASE WHEN has_target THEN try_cast(k.target AS DOUBLE) END AS aim,
       CASE WHEN has_target THEN k.target_status ELSE '' END AS aim_status,
       coalesce(try_cast(k.baseline AS DOUBLE), 0) AS start,
       f.* EXCLUDE (series, scope, quarter),
       CASE WHEN k.assessed = 'share' THEN f.share ELSE f.value END AS now,
       CASE WHEN k.assessed = 'share' THEN f.share_lower ELSE f.lower END AS at_least,
       CASE WHEN k.assessed = 'share' THEN f.share_upper ELSE f.upper END AS at_most,
       CASE WHEN f.coverage IS NULL THEN ''
            WHEN f.coverage < 1/2 - 1e-9 THEN 'C'
            WHEN f.coverage < 2/3 - 1e-9 THEN 'B'
            WHEN k.measure NOT IN ('milestone', 'register', 'rate') AND f.n_reported < f.n_expected / 3 - 1e-9 THEN 'B'
            ELSE 'A' END AS coverage_class
FROM period p CROSS JOIN scope s CROSS JOIN plan_kpis k JOIN plan_steps t USING (step)
LEFT JOIN calendar d ON d.quarter = t.due
LEFT JOIN figure f ON (f.series, f.scope, f.quarter) = (k.kpi, s.scope, p.quarter);

-- Not assessable: without a figure or a target, or in class C, unless the lower bound itself reaches the target.
CREATE TABLE judged AS
SELECT *, now IS NULL OR aim IS NULL OR (coverage_class = 'C' AND at_least < aim - 1e-9) AS not_assessable FROM placed;

-- First reached: the first quarter of the file, statuses beginning with 2022Q3, that is assessable and at its target.
CREATE TABLE reached AS
SELECT j.kpi, j.scope, j.quarter, min(b.qi) AS first_qi
FROM judged j JOIN judged b ON (b.kpi, b.scope) = (j.kpi, j.scope) AND b.qi < j.qi
WHERE NOT b.not_assessable AND b.now >= b.aim - 1e-9 AND b.complete AND b.quarter >= '2022Q3' GROUP BY ALL;

-- The way from 2022Q2 to the due quarter, 0 to 1, and what a figure v says on it.
CREATE MACRO elapsed(qi, due) AS greatest(0, least(1, (qi - (2022 * 4 + 1)) / (due - (2022 * 4 + 1))));
CREATE MACRO step_of(r) AS CASE WHEN r >= 0.9 - 1e-9 THEN 'on_track' WHEN r >= 0.6 - 1e-9 THEN 'at_risk' ELSE 'off_track' END;
CREATE MACRO status_at(v, measure, target, baseline, complete, qi, due, first_reached) AS CASE
    WHEN measure = 'rate' THEN CASE WHEN v >= target - 1e-9 THEN 'achieved'
                                    WHEN v >= 0.8 * target - 1e-9 THEN 'at_risk' ELSE 'off_track' END
    WHEN v >= target - 1e-9 AND complete
        THEN CASE WHEN coalesce(first_reached, qi) <= due THEN 'achieved' ELSE 'achieved_late' END
    WHEN qi > due THEN 'overdue'
    WHEN measure = 'milestone' THEN CASE WHEN v >= floor(4 * elapsed(qi, due) + 1e-9) THEN 'on_track'
                                         WHEN v >= floor(4 * elapsed(qi, due) + 1e-9) - 1 THEN 'at_risk' ELSE 'off_track' END
    ELSE step_of((v - baseline) / ((target - baseline) * elapsed(qi, due))) END;

-- Robust: the same status at the figure and at both its bounds; a blank upper bound counts as reaching the target.
CREATE TABLE kpis AS
SELECT j.quarter, scope, kpi, unit, value, share, lower, upper, share_lower, share_upper, n_reported, n_carried, n_expected,
       coverage, coverage_class, aim AS target, aim_status AS target_status,
       CASE WHEN j.quarter < '2022Q3' THEN '' WHEN not_assessable THEN 'not_assessable'
            ELSE status_at(now, measure, aim, start, complete, qi, due, r.first_qi) END AS status,
       CASE WHEN status NOT IN ('', 'not_assessable') THEN
            status = status_at(at_least, measure, aim, start, complete, qi, due, r.first_qi) AND
            status = status_at(coalesce(at_most, aim), measure, aim, start, complete, qi, due, r.first_qi) END AS robust
FROM judged j LEFT JOIN reached r USING (kpi, scope, quarter);
