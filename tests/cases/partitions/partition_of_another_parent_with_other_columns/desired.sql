CREATE TABLE old_parent (id int, b int, gone int) PARTITION BY LIST (id);
CREATE TABLE new_parent (id int, b bigint, more int) PARTITION BY LIST (id);
CREATE TABLE moves PARTITION OF new_parent DEFAULT;
CREATE VIEW v AS SELECT b FROM moves;

CREATE TABLE successor (id int, b int, more int) PARTITION BY LIST (id);
CREATE TABLE left_over PARTITION OF successor DEFAULT;

CREATE TABLE by_id (id int, day date) PARTITION BY LIST (day);
CREATE TABLE rest PARTITION OF by_id DEFAULT;

CREATE TABLE parent (id int, b int) PARTITION BY LIST (id);
CREATE TABLE single PARTITION OF parent DEFAULT;
CREATE TABLE member (id int, b text, more int);

CREATE TABLE alone (id bigint, c int);
