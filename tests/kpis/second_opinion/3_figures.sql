-- 3. The measures, for every series, scope and quarter (section 5, table of measures). Rows of quarters without an
-- accepted return are left out here: they stand blank in the published table.

CREATE TABLE asked AS
SELECT s.series, s.measure, e.scope, e.quarter, e.qi, p.first_qi, e.member, e.reference_offices, e.reference_staff
FROM series s CROSS JOIN expected e JOIN period p USING (quarter) WHERE p.is_collected;

-- Stocks. The cap of a member: its last known total at any age, else its reference (2.1.a offices; 5.1.a 1.2 x staff);
-- the 24 services of the catalogue for 3.1.a; never below the value that is carried. `stand_in` is what stands for a
-- missing total in the share's bounds: the same for offices, the staff itself (never raised) for 5.1.a.
CREATE TABLE last_total AS
SELECT p.quarter, a.member, arg_max(a.number, a.qi) FILTER (a.question = 'offices_total') AS offices,
       arg_max(a.number, a.qi) FILTER (a.question = 'staff_total') AS staff
FROM period p
JOIN (SELECT a.* FROM answer a JOIN counted USING (quarter, member, version)) a ON a.qi <= p.qi
WHERE a.question IN ('offices_total', 'staff_total') AND a.number IS NOT NULL
GROUP BY p.quarter, a.member;

CREATE TABLE stock_member AS
SELECT a.*, s.value, s.total, s.version, s.source_qi, coalesce(s.basis = 'reported', false) AS is_reported,
       coalesce(s.basis = 'carried', false) AS is_carried, coalesce(t.offices, a.reference_offices) AS offices,
       coalesce(t.staff, a.reference_staff) AS staff, CASE WHEN is_carried THEN s.value ELSE 0 END AS carried,
       CASE a.series WHEN '2.1.a' THEN greatest(coalesce(t.offices, a.reference_offices), carried)
                     WHEN '5.1.a' THEN greatest(1.2 * coalesce(t.staff, a.reference_staff), carried)
                     WHEN '3.1.a' THEN 24 END AS cap,
       CASE a.series WHEN '2.1.a' THEN cap WHEN '5.1.a' THEN coalesce(t.staff, a.reference_staff) END AS stand_in,
       CASE a.series WHEN '2.1.a' THEN a.reference_offices WHEN '5.1.a' THEN a.reference_staff ELSE 1 END AS weight,
       is_reported AND s.total IS NOT NULL AS reported_both
FROM asked a
LEFT JOIN standing s USING (series, quarter, member)
LEFT JOIN last_total t USING (quarter, member)
WHERE a.measure IN ('count_known', 'sum_known', 'mean_index', 'distinct_codes');

CREATE TABLE stock_sum AS
SELECT series, measure, scope, quarter, count(*) AS n_expected, count(*) FILTER (is_reported) AS n_reported,
       count(*) FILTER (is_carried) AS n_carried, sum(value) AS known, avg(value) AS mean,
       coalesce(sum(value) FILTER (is_reported), 0) AS reported,
       coalesce(sum(cap) FILTER (NOT is_reported), 0) AS caps,
       sum(weight) FILTER (value IS NOT NULL) AS weight_known, sum(weight) AS weight_all,
       sum(value) FILTER (total IS NOT NULL) / nullif(sum(total) FILTER (value IS NOT NULL), 0) AS share,
       coalesce(sum(value) FILTER (reported_both), 0) AS both_values,
       coalesce(sum(cap) FILTER (NOT reported_both), 0) AS other_caps,
       coalesce(sum(total) FILTER (reported_both), 0) + coalesce(sum(stand_in) FILTER (NOT reported_both), 0) AS denominator
FROM stock_member GROUP BY ALL;

-- distinct_codes: codes named by at least three known members (companions: by at least one).
CREATE TABLE code_count AS
SELECT m.series, m.scope, m.quarter, n.code, count(*) AS known, count(*) FILTER (m.is_reported) AS reported
FROM stock_member m JOIN calendar c ON c.qi = m.source_qi
JOIN named n ON (n.series, n.quarter, n.member, n.version) = (m.series, c.quarter, m.member, m.version)
GROUP BY ALL;
CREATE TABLE code_sum AS
SELECT series, scope, quarter, count(*) FILTER (known >= floor_) AS known, count(*) FILTER (reported >= floor_) AS reported
FROM (SELECT *, CASE series WHEN '3.1.b' THEN 3 ELSE 1 END AS floor_ FROM code_count) GROUP BY ALL;

CREATE TABLE stock AS
SELECT s.series, s.scope, s.quarter,
       CASE s.measure WHEN 'mean_index' THEN s.mean
                      WHEN 'distinct_codes' THEN CASE WHEN s.known IS NOT NULL THEN coalesce(k.known, 0) END
                      ELSE s.known END AS value,
       CASE s.measure WHEN 'mean_index' THEN s.reported / s.n_expected
                      WHEN 'distinct_codes' THEN coalesce(k.reported, 0) ELSE s.reported END AS lower,
       CASE s.measure WHEN 'mean_index' THEN (s.reported + 100 * (s.n_expected - s.n_reported)) / s.n_expected
                      WHEN 'distinct_codes' THEN 12   -- the sectors of the list
                      WHEN 'count_known' THEN s.reported + s.n_expected - s.n_reported
                      ELSE s.reported + s.caps END AS upper,
       s.share, CASE WHEN s.series IN ('2.1.a', '5.1.a') THEN least(both_values / denominator, s.share) END AS share_lower,
       CASE WHEN s.series IN ('2.1.a', '5.1.a') THEN greatest((both_values + other_caps) / denominator, s.share) END AS share_upper,
       s.n_reported, s.n_carried, s.n_expected, coalesce(s.weight_known, 0) / s.weight_all AS coverage
FROM stock_sum s LEFT JOIN code_sum k USING (series, scope, quarter);

-- What lies behind a member in a quarter since the first collected: in how many quarters it was a member, in how many it
-- reported, whether it reported in this one, whether it ever met the condition.
CREATE TABLE history AS
SELECT a.series, a.measure, a.scope, a.quarter, a.member, a.qi - a.first_qi + 1 AS quarters,
       (SELECT count(*) FROM valid v WHERE v.member = a.member AND v.qi BETWEEN a.first_qi AND a.qi) AS due,
       count(r.qi) AS answered, coalesce(bool_or(r.qi = a.qi), false) AS answered_now,
       coalesce(max(r.value), 0) AS met
FROM asked a LEFT JOIN reported r ON (r.series, r.member) = (a.series, a.member) AND r.qi <= a.qi
WHERE a.measure IN ('count_ever', 'distinct_items') GROUP BY ALL;

-- count_ever: members that met the condition in any counted return; above, those not counted that did not report in every
-- quarter since the first collected (3.3.a, whose answer remembers: in this one; its coverage is of this one too).
-- distinct_items: distinct items since the first collected; no finite bound above. Solutions, and adoptions as such, are
-- told apart by member; an event reported by two members is one.
CREATE TABLE item_count AS
SELECT h.series, h.scope, h.quarter,
       count(DISTINCT CASE WHEN h.series LIKE '4.1.a%' OR h.series = '4.2.b/adoptions' THEN i.member || ' ' ELSE '' END || i.name) AS items
FROM history h JOIN calendar c USING (quarter)
JOIN named_item i ON (i.series, i.member) = (h.series, h.member) AND i.qi <= c.qi GROUP BY ALL;

CREATE TABLE ever AS
SELECT series, scope, quarter,
       CASE measure WHEN 'count_ever' THEN sum(met) ELSE coalesce(any_value(items), 0) END AS lower,
       CASE WHEN sum(answered) > 0 THEN lower END AS value,
       CASE measure WHEN 'count_ever' THEN lower + count(*) FILTER (met = 0 AND NOT CASE series
            WHEN '3.3.a' THEN answered_now ELSE answered = quarters END) END AS upper,
       count(*) FILTER (answered_now) AS n_reported, 0 AS n_carried, count(*) AS n_expected,
       CASE series WHEN '3.3.a' THEN n_reported / n_expected ELSE sum(answered) / sum(due) END AS coverage
FROM history LEFT JOIN item_count USING (series, scope, quarter)
GROUP BY series, scope, quarter, measure;

-- sum_flow: over the members valid in each quarter of the flow; a bound above only when every one reported in all of them.
CREATE TABLE flow AS
SELECT s.series, e.scope, p.quarter, sum(r.value) AS value, coalesce(sum(r.value), 0) AS lower,
       CASE WHEN count(r.value) = count(*) THEN sum(r.value) END AS upper,
       count(r.value) FILTER (e.qi = p.qi) AS n_reported, 0 AS n_carried, count(*) FILTER (e.qi = p.qi) AS n_expected,
       count(r.value) / count(*) AS coverage
FROM series s CROSS JOIN period p JOIN expected e ON e.qi BETWEEN p.first_qi AND p.qi
LEFT JOIN reported r ON (r.series, r.quarter, r.member) = (s.series, e.quarter, e.member)
WHERE s.measure = 'sum_flow' AND p.is_collected GROUP BY s.series, e.scope, p.quarter;
