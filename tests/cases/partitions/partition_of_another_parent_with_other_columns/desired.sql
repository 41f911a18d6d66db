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

CREATE TABLE checked (a text NOT NULL, id int, CONSTRAINT positive CHECK (id > 0), CONSTRAINT same CHECK (id > -2)) PARTITION BY LIST (id);
CREATE TABLE goes (a text NOT NULL, id int, CONSTRAINT same CHECK (id > -2));
CREATE TABLE otherwise_checked (a text NOT NULL, id int, CONSTRAINT positive CHECK (id > -1)) PARTITION BY LIST (id);
CREATE TABLE goes_over PARTITION OF otherwise_checked FOR VALUES IN (1);
CREATE TABLE unchecked (a text NOT NULL, id int) PARTITION BY LIST (id);
CREATE TABLE goes_on PARTITION OF unchecked FOR VALUES IN (1);
CREATE TABLE stays_alone (a text NOT NULL, id int);

CREATE TABLE strict (id int NOT NULL, n int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE lenient (id int, n int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE loosened PARTITION OF lenient FOR VALUES IN (1);
CREATE TABLE loosened_alone (id int, n int);
CREATE TABLE more_lenient (id int, n int) PARTITION BY LIST (id);
CREATE TABLE loosened_anew PARTITION OF more_lenient FOR VALUES IN (3);

CREATE TABLE refers (id int, target int) PARTITION BY LIST (id);
CREATE TABLE referred (id int, target int, CONSTRAINT referred_key UNIQUE (id));
ALTER TABLE refers ADD CONSTRAINT refers_target FOREIGN KEY (target) REFERENCES referred (id);
CREATE TABLE refers_2 PARTITION OF refers FOR VALUES IN (2);

CREATE TABLE loses (id int) PARTITION BY LIST (id);
CREATE TABLE between PARTITION OF loses FOR VALUES IN (1, 2) PARTITION BY LIST (id);
CREATE TABLE keeps (id int, n int);
CREATE TABLE loses_as_well PARTITION OF loses FOR VALUES IN (3);

CREATE TABLE gets (id int, n int, a int) PARTITION BY LIST (id);
CREATE TABLE gets_more (id int, n int, a int, b int NOT NULL DEFAULT 1) PARTITION BY LIST (id);
CREATE TABLE over PARTITION OF gets_more FOR VALUES IN (1);
CREATE TABLE loses_too (id int, n int) PARTITION BY LIST (id);
CREATE TABLE takes_lost (id int, n int) PARTITION BY LIST (id);
CREATE TABLE lost PARTITION OF takes_lost FOR VALUES IN (1);

CREATE TABLE top (id int, n int, a int NOT NULL DEFAULT 2, CHECK (a > 1)) PARTITION BY LIST (id);
CREATE TABLE middle PARTITION OF top FOR VALUES IN (2) PARTITION BY LIST (n);
CREATE TABLE handed_up PARTITION OF top FOR VALUES IN (1);

CREATE TABLE numbers_itself (id int GENERATED ALWAYS AS IDENTITY, n int);
CREATE TABLE keyed (n int PRIMARY KEY, id text) PARTITION BY LIST (n);
CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES IN (1);

CREATE TABLE regrouped (id int, n int, a text, b int, come int NOT NULL DEFAULT 1) PARTITION BY LIST (n);
CREATE TABLE other_group PARTITION OF regrouped FOR VALUES IN (1) PARTITION BY HASH (id);
CREATE TABLE grouped PARTITION OF other_group FOR VALUES WITH (MODULUS 2, REMAINDER 0);

CREATE TABLE told (id int PRIMARY KEY);
CREATE TABLE tells (id int, a int) PARTITION BY LIST (id);
CREATE TABLE tells_below PARTITION OF tells FOR VALUES IN (1) PARTITION BY LIST (id);
CREATE TABLE tells_still PARTITION OF tells_below FOR VALUES IN (1);
ALTER TABLE tells_still ADD CONSTRAINT own_key UNIQUE (a, id);
ALTER TABLE tells_still ADD CONSTRAINT told FOREIGN KEY (a) REFERENCES told;

CREATE TABLE had_more (id int) PARTITION BY LIST (id);
CREATE TABLE comes PARTITION OF had_more FOR VALUES IN (1);
CREATE TABLE gets_more_later (id int, later text) PARTITION BY LIST (id);
CREATE TABLE goes_there PARTITION OF had_more FOR VALUES IN (2);

CREATE TABLE watching (id int, b int) PARTITION BY LIST (id);
ALTER TABLE watching ADD CONSTRAINT positive CHECK (b > 0) NOT VALID;
CREATE TABLE watched_1 PARTITION OF watching FOR VALUES IN (1);
CREATE TABLE unwatched (id int, b int) PARTITION BY LIST (id);
CREATE TABLE watched_2 PARTITION OF watching FOR VALUES IN (2);
