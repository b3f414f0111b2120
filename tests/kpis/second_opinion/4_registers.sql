-- 4. What rests on registers: milestones, workshops, the response rate (sections 2 and 5). A row that cannot be read is
-- ignored and replaces nothing; a row recorded after the date does not exist yet; of one key the last row holds.

CREATE MACRO day(t) AS CASE WHEN regexp_full_match(trim(t), '\d{4}-\d{2}-\d{2}') THEN try_cast(trim(t) AS DATE) END;
CREATE MACRO number(t) AS CASE WHEN regexp_full_match(trim(t), '\d+') THEN CAST(trim(t) AS INT) END;
CREATE MACRO readable(t) AS trim(t) = '' OR day(t) IS NOT NULL;
CREATE MACRO quarter_of(t) AS regexp_replace(regexp_replace(trim(t), '^[TQ]([1-4]) (\d{4})$', '\2Q\1'), '^(\d{4})-Q', '\1Q');

-- Names in registers are the members' own in any language, their codes, or an alias.
CREATE TABLE called AS
SELECT DISTINCT folded(name) AS name, member
FROM (SELECT alias AS name, iso3 AS member FROM plan_aliases WHERE member = 'yes'
      UNION SELECT unnest([member, name_fr, name_en, name_pt, name_ar]), member FROM plan_members);
CREATE TABLE attendance AS
SELECT a.* EXCLUDE (member), coalesce(c.member, a.member) AS member
FROM register_attendance a LEFT JOIN called c ON c.name = folded(a.member);
CREATE TABLE questionnaire AS
SELECT a.* EXCLUDE (member), coalesce(c.member, a.member) AS member
FROM register_questionnaires a LEFT JOIN called c ON c.name = folded(a.member);

-- 1.1.a and 2.3.a: the stage in the last row, in file order, of the latest quarter on or before this one; else stage 0.
-- Achieved asks for all parts of the product too.
CREATE TABLE milestone_row AS
SELECT CASE trim(product) WHEN 'digital_model' THEN '1.1.a' ELSE '2.3.a' END AS kpi, c.qi, row, number(stage) AS stage,
       list_transform(string_split(parts, ';'), lambda x: trim(x)) AS parts
FROM register_milestones m JOIN calendar c ON c.quarter = quarter_of(m.quarter)
WHERE trim(product) IN ('digital_model', 'software_guidelines') AND number(stage) <= 5 AND readable(recorded_on)
  AND coalesce(day(recorded_on) <= (SELECT as_of FROM setting), true);

CREATE TABLE milestone AS
SELECT k.kpi AS series, 'PAPU' AS scope, p.quarter, coalesce(arg_max(m.stage, m.qi * 1000000 + m.row), 0) AS value,
       coalesce(list_has_all(arg_max(m.parts, m.qi * 1000000 + m.row),
           (SELECT list(code) FROM plan_components c WHERE c.step = k.step AND c.list IN ('domain', 'trait'))), false) AS complete
FROM plan_kpis k CROSS JOIN period p LEFT JOIN milestone_row m ON m.kpi = k.kpi AND m.qi <= p.qi
WHERE k.measure = 'milestone' GROUP BY k.kpi, k.step, p.quarter;

-- 5.2.a, 5.3.a, 5.3.b: workshops held from 2022-01-01 to the end of the quarter, and who attended of those valid in it.
CREATE TABLE workshop AS
SELECT trim(workshop) AS workshop, arg_max(trim(step), row) AS step, arg_max(day(held_on), row) AS held_on
FROM register_workshops
WHERE trim(workshop) <> '' AND trim(step) IN ('5.2', '5.3') AND day(held_on) IS NOT NULL AND readable(recorded_on)
  AND coalesce(day(recorded_on) <= (SELECT as_of FROM setting), true)
GROUP BY ALL;

CREATE TABLE attended AS
SELECT trim(workshop) AS workshop, member,
       arg_max(coalesce(number(women), 0) + coalesce(number(men), 0), row) AS persons
FROM attendance
WHERE (trim(women) = '' OR number(women) IS NOT NULL) AND (trim(men) = '' OR number(men) IS NOT NULL) AND readable(recorded_on)
  AND coalesce(day(recorded_on) <= (SELECT as_of FROM setting), true)
GROUP BY ALL;

CREATE TABLE register AS
WITH held AS (SELECT p.quarter, w.* FROM period p JOIN workshop w ON w.held_on BETWEEN DATE '2022-01-01' AND p.ends),
     came AS (SELECT e.scope, h.quarter, h.step, a.member, a.persons
              FROM held h JOIN attended a USING (workshop) JOIN expected e USING (quarter, member))
SELECT '5.3.a' AS series, 'PAPU' AS scope, p.quarter, count(h.workshop) AS value
FROM period p LEFT JOIN held h ON h.quarter = p.quarter AND h.step = '5.3' GROUP BY ALL
UNION ALL
SELECT '5.2.a', s.scope, p.quarter, count(DISTINCT c.member)
FROM scope s CROSS JOIN period p
LEFT JOIN came c ON c.scope = s.scope AND c.quarter = p.quarter AND c.step = '5.2' AND c.persons > 0 GROUP BY ALL
UNION ALL
SELECT '5.3.b', s.scope, p.quarter, coalesce(sum(c.persons), 0)
FROM scope s CROSS JOIN period p LEFT JOIN came c ON c.scope = s.scope AND c.quarter = p.quarter AND c.step = '5.3' GROUP BY ALL;

-- 6.1.a: the returns accepted, and the other questionnaires due in the quarter returned, over all that was asked: each
-- quarter as it stood at its own first cut-off. Monitoring alone, on time (30 days) and with the late ones: over n_e.
CREATE TABLE questionnaire_at AS
SELECT p.quarter, p.cutoff, q.questionnaire, q.member, arg_max(day(q.due_on), q.row) AS due_on,
       arg_max({'on': day(q.returned_on)}, q.row)['on'] AS returned_on   -- a struct: arg_max would pass over a blank
FROM period p JOIN questionnaire q ON coalesce(day(q.recorded_on) <= p.cutoff, true)
WHERE day(q.due_on) IS NOT NULL AND readable(q.returned_on) AND readable(q.sent_on) AND readable(q.recorded_on)
GROUP BY ALL;

CREATE TABLE response AS
SELECT e.scope, e.quarter, e.member, coalesce(min(a.received_on) <= p.cutoff, false) AS monitoring,
       coalesce(min(a.received_on) <= least(p.ends + 30, p.cutoff), false) AS on_time, count(a.received_on) > 0 AS with_late
FROM expected e JOIN period p USING (quarter) LEFT JOIN accepted a USING (quarter, member)
GROUP BY e.scope, e.quarter, e.member, p.cutoff, p.ends;

CREATE TABLE other AS
SELECT e.scope, q.quarter, count(*) AS asked, count(*) FILTER (q.returned_on <= q.cutoff) AS returned
FROM questionnaire_at q JOIN expected e USING (quarter, member)
WHERE year(q.due_on) || 'Q' || quarter(q.due_on) = q.quarter GROUP BY ALL;

CREATE TABLE rate AS
SELECT r.scope, r.quarter, 100 * (count(*) FILTER (monitoring) + coalesce(any_value(o.returned), 0))
           / (count(*) + coalesce(any_value(o.asked), 0)) AS value,
       count(*) AS n_expected, count(*) FILTER (monitoring) AS monitoring, count(*) FILTER (on_time) AS on_time,
       count(*) FILTER (with_late) AS with_late
FROM response r LEFT JOIN other o USING (scope, quarter) JOIN period p USING (quarter)
WHERE p.qi >= coalesce(p.first_qi, (SELECT max(qi) FROM period))  -- nothing was asked before the first collected
GROUP BY ALL;
