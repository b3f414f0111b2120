-- 1. The calendar, the members, and the answers that count (methodology, sections 1 to 3).
-- Given: setting(quarter, as_of) and, as text, the files as they are: returns, answers, items, registers, plan.

-- Quarters as numbers on a line; the first cut-off is 45 days after a quarter's end, never after the edition's own date.
CREATE TABLE calendar AS
SELECT year || 'Q' || n AS quarter, year * 4 + n - 1 AS qi, last_day(make_date(year, 3 * n, 1)) AS ends,
       least(ends + 45, (SELECT as_of FROM setting)) AS cutoff
FROM (SELECT unnest(range(2022, 2026)) AS year) CROSS JOIN (SELECT unnest(range(1, 5)) AS n);

-- A return is accepted unless refused; of one member's returns for a quarter one counts.
CREATE TABLE accepted AS
SELECT c.qi, r.quarter, r.member, CAST(r.version AS INT) AS version, CAST(r.received_on AS DATE) AS received_on,
       r.counts = 'true' AS counts
FROM returns r JOIN calendar c USING (quarter) WHERE r.state <> 'refused';

CREATE TABLE collected AS SELECT DISTINCT quarter, qi FROM accepted;

-- The file runs from the earlier of 2022Q3 and the first quarter collected, up to the quarter reported.
CREATE TABLE period AS
SELECT c.*, (SELECT min(qi) FROM collected) AS first_qi, c.qi IN (SELECT qi FROM collected) AS is_collected
FROM calendar c
WHERE c.qi >= least((SELECT qi FROM calendar WHERE quarter = '2022Q3'), (SELECT min(qi) FROM collected))
  AND c.qi <= (SELECT qi FROM calendar JOIN setting USING (quarter));

-- A member is valid in a quarter when it is one on its last day. Every denominator hangs on this.
CREATE TABLE valid AS
SELECT c.quarter, c.qi, m.member, m.region, CAST(m.reference_offices AS DOUBLE) AS reference_offices,
       CAST(m.reference_staff AS DOUBLE) AS reference_staff
FROM calendar c JOIN plan_members m
  ON (m.member_from = '' OR CAST(m.member_from AS DATE) <= c.ends)
 AND (m.member_to = '' OR CAST(m.member_to AS DATE) >= c.ends);

-- The Union and its regions: who is expected where.
CREATE TABLE scope AS SELECT 'PAPU' AS scope UNION SELECT region FROM plan_members;
CREATE TABLE expected AS
SELECT s.scope, v.* FROM scope s JOIN valid v ON s.scope IN ('PAPU', v.region);

-- An answer is reported in the states A, N and U; NG (N) is a 0; `none` (or 0) among choices is: nothing selected.
CREATE TABLE answer AS
SELECT c.qi, a.quarter, a.member, CAST(a.version AS INT) AS version, a.question,
       a.obs_status IN ('A', 'N', 'U') AS reported, a.obs_status = 'M' AS na,
       CASE WHEN reported THEN a.value END AS text,
       CASE WHEN a.obs_status = 'N' THEN 0 WHEN reported THEN try_cast(a.value AS DOUBLE) END AS number,
       CASE WHEN reported THEN list_filter(string_split(a.value, ' '), lambda x: x NOT IN ('', '0', 'none')) END AS codes
FROM answers a JOIN calendar c USING (quarter);

CREATE TABLE counted AS SELECT DISTINCT qi, quarter, member, version FROM accepted WHERE counts;

-- The innovations of the returns that count. A reference is compared trimmed and without regard to case; without one an
-- item is known by its member and its title, folded as names are; with neither it does not count, nor without a kind.
-- (A spreadsheet guard, a leading apostrophe, is taken off first.)
CREATE MACRO bare(t) AS regexp_replace(t, '^''(''*[=+@\t\r-])', '\1');
CREATE MACRO folded(t) AS trim(regexp_replace(
    regexp_replace(lower(strip_accents(t)), '[\p{M}\p{Cf}ـ]', '', 'g'), '[^\p{L}\p{N}]+', ' ', 'g'));
CREATE TABLE item AS
SELECT k.qi, i.quarter, i.member, i.kind, i.detail,
       CASE WHEN trim(bare(i.reference)) <> '' THEN 'reference ' || lower(trim(bare(i.reference)))
            ELSE 'title ' || i.member || ' ' || folded(i.title) END AS name
FROM items i JOIN counted k ON k.quarter = i.quarter AND k.member = i.member AND k.version = CAST(i.version AS INT)
WHERE i.kind <> '' AND (trim(bare(i.reference)) <> '' OR trim(i.title) <> '');
