-- 2. What each return says for each KPI and companion, and who is known in a quarter (section 5, notation).
-- A `series` is a KPI (`2.1.a`) or a companion (`2.1.a/networked`).

CREATE TABLE series AS
SELECT kpi AS series, kpi, '' AS component, unit, measure FROM plan_kpis
UNION ALL
SELECT kpi || '/' || component, kpi, component, unit, measure FROM plan_companions;

-- Series that ask whether one answer is among some (1.1.b, 2.1.a, 2.3.a, 3.3.a, 6.1.a): 1 or 0.
CREATE TABLE asked_choice AS SELECT * FROM (VALUES
    ('1.1.b', 'roadmap_status', ['implementing', 'completed']),
    ('1.1.b/adopted_or_beyond', 'roadmap_status', ['adopted', 'implementing', 'completed']),
    ('2.1.a/cloud_production', 'cloud_use', ['production']),
    ('2.3.a/shared_information', 'shared_system_information', ['yes']),
    ('2.3.a/uses_guidelines', 'uses_software_guidelines', ['yes']),
    ('3.3.a/dre', 'project_dre', ['implementing', 'completed']),
    ('3.3.a/payments', 'project_payments', ['implementing', 'completed']),
    ('3.3.a/fitaf', 'project_fitaf', ['implementing', 'completed']),
    ('6.1.a/meetings', 'attended_meetings', ['yes']),
    ('6.1.a/initiatives', 'joined_initiatives', ['yes']),
    ('6.1.a/feedback', 'sent_feedback', ['yes'])
) AS t(series, question, meets);

-- Series that are one number (2.1.a, 5.1.a, 5.1.b, 5.1.c), some over the total of the same return.
CREATE TABLE asked_number AS SELECT * FROM (VALUES
    ('2.1.a', 'offices_connected', 'offices_total'),
    ('2.1.a/electrified', 'offices_electrified', 'offices_total'),
    ('2.1.a/alternative_power', 'offices_alternative_power', 'offices_total'),
    ('2.1.a/networked', 'offices_networked', 'offices_total'),
    ('5.1.a', 'trained_cumulative', 'staff_total'),
    ('5.1.a/capacity_building', 'trained_capacity_building', NULL),
    ('5.1.a/upskilling', 'trained_upskilling', NULL),
    ('5.1.a/reskilling', 'trained_reskilling', NULL),
    ('5.1.a/women', 'trained_women', NULL),
    ('5.1.b', 'audits_completed', NULL),
    ('5.1.c', 'training_sessions', NULL)
) AS t(series, question, total_question);

CREATE TABLE heard (series TEXT, qi INT, quarter TEXT, member TEXT, version INT, value DOUBLE, total DOUBLE, na BOOLEAN);

INSERT INTO heard
SELECT s.series, a.qi, a.quarter, a.member, a.version, CAST(list_contains(s.meets, a.text) AS INT), NULL, a.na
FROM asked_choice s JOIN answer a USING (question);

INSERT INTO heard
SELECT s.series, a.qi, a.quarter, a.member, a.version, a.number, t.number, a.na
FROM asked_number s JOIN answer a USING (question)
LEFT JOIN answer t ON t.question = s.total_question AND (t.quarter, t.member, t.version) = (a.quarter, a.member, a.version);

-- 1.1.b, each domain's readiness: none 0, planned 1, in progress 2, operational 3, in % of 3.
INSERT INTO heard
SELECT '1.1.b/' || k.code, a.qi, a.quarter, a.member, a.version,
       100 * (list_position(['none', 'planned', 'in_progress', 'operational'], a.text) - 1) / 3, NULL, a.na
FROM plan_components k JOIN answer a ON a.question = 'domain_' || k.code WHERE k.list = 'domain';

-- 2.2.a: over the kinds required, with both numbers known, the part that works, at most 1. Known with three such kinds, or
-- with all that the member requires, at least one, when all five requirements are said or NA. NA when all five are.
CREATE TABLE hardware AS
SELECT k.code AS kind, r.qi, r.quarter, r.member, r.version, r.number AS required, w.number AS working,
       r.na AS required_na, r.na OR w.na AS na,
       CASE WHEN required > 0 AND working IS NOT NULL THEN least(1, working / required) END AS ratio
FROM plan_components k
JOIN answer r ON r.question = k.code || '_required'
JOIN answer w ON w.question = k.code || '_working' AND (w.quarter, w.member, w.version) = (r.quarter, r.member, r.version)
WHERE k.list = 'hardware';

CREATE TABLE equipment AS
SELECT qi, quarter, member, version, bool_and(required_na) AS na, avg(ratio) AS index, min(ratio) AS lowest,
       count(ratio) >= 3 OR (count(ratio) >= 1 AND count(ratio) = count(*) FILTER (required > 0)
                             AND count(*) FILTER (required IS NOT NULL OR required_na) = 5) AS is_known
FROM hardware GROUP BY ALL;

INSERT INTO heard
SELECT '2.2.a', qi, quarter, member, version, CASE WHEN is_known THEN 100 * index END, NULL, na FROM equipment
UNION ALL
SELECT '2.2.a/fully_equipped', qi, quarter, member, version,
       CASE WHEN is_known THEN CAST(lowest >= 0.95 - 1e-9 AS INT) END, NULL, na FROM equipment
UNION ALL  -- units that work, at most those required, over those required
SELECT '2.2.a/' || kind, qi, quarter, member, version,
       CASE WHEN working IS NOT NULL AND required IS NOT NULL THEN least(working, required) END, required, na FROM hardware;

-- 3.1.a: live services over the four families; none and NA are 0; a family left open leaves the whole total open.
CREATE TABLE family AS
SELECT k.code AS family, a.qi, a.quarter, a.member, a.version,
       CASE WHEN a.na THEN [] ELSE list_distinct(a.codes) END AS codes
FROM plan_components k JOIN answer a ON a.question = 'services_' || k.code WHERE k.list = 'service_family';

CREATE TABLE offer AS
SELECT qi, quarter, member, version, sum(len(codes)) AS services, min(len(codes)) > 0 AS in_all
FROM family GROUP BY ALL HAVING count(codes) = 4;

INSERT INTO heard
SELECT '3.1.a', qi, quarter, member, version, services, NULL, false FROM offer
UNION ALL
SELECT '3.1.a/all_families', qi, quarter, member, version, CAST(in_all AS INT), NULL, false FROM offer
UNION ALL
SELECT '3.1.a/distinct_services', qi, quarter, member, version, services, NULL, false FROM offer
UNION ALL
SELECT '3.1.a/' || f.family, f.qi, f.quarter, f.member, f.version, len(f.codes), NULL, false
FROM family f JOIN offer o USING (quarter, member, version);

-- 3.1.b: the sectors named; `other` and `none` are an answer but never a sector.
INSERT INTO heard
SELECT s.series, a.qi, a.quarter, a.member, a.version, len(list_distinct(list_filter(a.codes, lambda x: x <> 'other'))), NULL, a.na
FROM answer a CROSS JOIN (VALUES ('3.1.b'), ('3.1.b/named_by_one')) AS s(series) WHERE a.question = 'sectors_benefiting';

CREATE TABLE named AS
SELECT unnest(['3.1.b', '3.1.b/named_by_one']) AS series, quarter, member, version, code
FROM (SELECT DISTINCT quarter, member, version, unnest(codes) AS code FROM answer WHERE question = 'sectors_benefiting')
WHERE code <> 'other'
UNION ALL
SELECT DISTINCT '3.1.a/distinct_services', quarter, member, version, unnest(codes) FROM family;

-- 3.2.a: features ticked of five, for each of three products; the rule for none, NA and blanks is that of 3.1.a.
CREATE TABLE product AS
SELECT k.code AS product, a.qi, a.quarter, a.member, a.version,
       100 * CASE WHEN a.na THEN 0 ELSE len(list_distinct(a.codes)) END / 5 AS index
FROM plan_components k JOIN answer a ON a.question = 'ipp_' || k.code WHERE k.list = 'product';

INSERT INTO heard
SELECT '3.2.a/' || product, qi, quarter, member, version, index, NULL, false FROM product
UNION ALL
SELECT '3.2.a', qi, quarter, member, version, avg(index), NULL, false FROM product GROUP BY ALL HAVING count(index) = 3;

-- 3.3.a: any project implemented or completed; reported when at least one of the three is answered.
INSERT INTO heard
SELECT '3.3.a', qi, quarter, member, version, max(value), NULL, false
FROM heard WHERE series LIKE '3.3.a/%' GROUP BY ALL;

-- 4.x: a member reported when its return came with an innovations part, even an empty one; the value, where one is
-- needed (count_ever), is whether the return names an item of the kind.
CREATE TABLE asked_item AS SELECT * FROM (VALUES
    ('4.1.a', ['solution'], ''), ('4.1.a/software', ['solution'], 'software'),
    ('4.1.a/application', ['solution'], 'application'), ('4.1.a/members', ['solution'], ''),
    ('4.1.b', ['hackathon'], ''), ('4.2.a', ['exhibition', 'competition'], ''),
    ('4.2.a/exhibition', ['exhibition'], ''), ('4.2.a/competition', ['competition'], ''),
    ('4.2.b', ['adoption'], ''), ('4.2.b/adoptions', ['adoption'], '')
) AS t(series, kinds, detail);

CREATE TABLE named_item AS
SELECT s.series, i.* FROM asked_item s JOIN item i ON list_contains(s.kinds, i.kind) AND s.detail IN ('', i.detail);

INSERT INTO heard
SELECT s.series, a.qi, a.quarter, a.member, a.version,
       CAST(EXISTS (FROM named_item i WHERE (i.series, i.quarter, i.member) = (s.series, a.quarter, a.member)) AS INT), NULL, false
FROM asked_item s CROSS JOIN answer a WHERE a.question = 'innovations' AND a.reported;

-- What the counted returns say: a value, or an NA that ends carrying.
DELETE FROM heard WHERE value IS NULL AND NOT na;
CREATE TABLE told AS
SELECT h.* FROM heard h JOIN counted USING (quarter, member, version) WHERE h.series IN (FROM series SELECT series);
CREATE TABLE reported AS FROM told WHERE value IS NOT NULL;

-- Known: reported in q, or carried from the latest of the four quarters before; nothing is carried past an NA, and all of
-- a value (its total, its codes) comes from one return. Stock measures only.
CREATE TABLE standing AS
WITH latest AS (
    SELECT t.series, p.quarter, p.qi, t.member, max(t.qi) AS source_qi
    FROM period p
    JOIN told t ON t.qi BETWEEN p.qi - 4 AND p.qi
    JOIN valid v ON (v.quarter, v.member) = (p.quarter, t.member)
    JOIN series s ON s.series = t.series AND s.measure IN ('count_known', 'sum_known', 'mean_index', 'distinct_codes')
    WHERE p.is_collected GROUP BY ALL)
SELECT n.*, t.value, t.total, t.version, CASE WHEN n.source_qi = n.qi THEN 'reported' ELSE 'carried' END AS basis
FROM latest n JOIN told t ON (t.series, t.member, t.qi) = (n.series, n.member, n.source_qi)
WHERE t.value IS NOT NULL;
