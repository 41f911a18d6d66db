CREATE TABLE old_parent (id int, b int, gone int) PARTITION BY LIST (id);
CREATE TABLE moves PARTITION OF old_parent DEFAULT;
COMMENT ON COLUMN moves.id IS 'its own';
CREATE VIEW v AS SELECT b FROM moves;

CREATE TABLE dropped (id int, b int) PARTITION BY LIST (id);
CREATE TABLE left_over PARTITION OF dropped DEFAULT;

CREATE TABLE by_id (id int, day int) PARTITION BY LIST (id);
CREATE TABLE rest PARTITION OF by_id DEFAULT;

CREATE TABLE single (id int, b text, gone int);
CREATE TABLE parent (id int, b int) PARTITION BY LIST (id);
CREATE TABLE member PARTITION OF parent FOR VALUES IN (1);

CREATE TABLE leaves_it_alone (id int, b int) PARTITION BY LIST (id);
CREATE TABLE alone PARTITION OF leaves_it_alone DEFAULT;

CREATE TABLE checked (a text NOT NULL, id int, CONSTRAINT positive CHECK (id > 0), CONSTRAINT same CHECK (id > -2)) PARTITION BY LIST (id);
CREATE TABLE goes_over PARTITION OF checked FOR VALUES IN (1);
CREATE TABLE goes PARTITION OF checked FOR VALUES IN (2);
CREATE TABLE otherwise_checked (a text NOT NULL, id int, CONSTRAINT positive CHECK (id > -1)) PARTITION BY LIST (id);
CREATE TABLE checked_and_dropped (a text NOT NULL, id int, CONSTRAINT positive CHECK (id > 0)) PARTITION BY LIST (id);
CREATE TABLE goes_on PARTITION OF checked_and_dropped FOR VALUES IN (1);
CREATE TABLE left_by_all (a text NOT NULL, id int, CONSTRAINT positive CHECK (id > 0)) PARTITION BY LIST (id);
CREATE TABLE stays_alone PARTITION OF left_by_all FOR VALUES IN (1);

CREATE TABLE strict (id int NOT NULL, n int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE loosened PARTITION OF strict FOR VALUES IN (1);
CREATE TABLE loosened_alone PARTITION OF strict FOR VALUES IN (2);
CREATE TABLE loosened_anew PARTITION OF strict FOR VALUES IN (3);
CREATE TABLE lenient (id int, n int NOT NULL) PARTITION BY LIST (id);

CREATE TABLE refers (id int, target int) PARTITION BY LIST (id);
CREATE TABLE referred PARTITION OF refers FOR VALUES IN (1);
ALTER TABLE referred ADD CONSTRAINT referred_key UNIQUE (id);
CREATE TABLE refers_2 PARTITION OF refers FOR VALUES IN (2);

CREATE TABLE loses (id int, n int) PARTITION BY LIST (id);
CREATE TABLE between PARTITION OF loses FOR VALUES IN (1, 2) PARTITION BY LIST (id);
CREATE TABLE keeps PARTITION OF between FOR VALUES IN (1);
CREATE TABLE loses_as_well PARTITION OF loses FOR VALUES IN (3);

-- both parents get columns, or lose them
CREATE TABLE gets (id int, n int) PARTITION BY LIST (id);
CREATE TABLE gets_more (id int, n int, gone int) PARTITION BY LIST (id);
CREATE TABLE over PARTITION OF gets FOR VALUES IN (1);
CREATE TABLE loses_too (id int, n int, a int) PARTITION BY LIST (id);
CREATE TABLE lost PARTITION OF loses_too FOR VALUES IN (1);

-- handed up to the parent's parent, which changes
CREATE TABLE top (id int, n int, gone int) PARTITION BY LIST (id);
CREATE TABLE middle PARTITION OF top FOR VALUES IN (1) PARTITION BY LIST (n);
CREATE TABLE handed_up PARTITION OF middle FOR VALUES IN (1);

CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, n int) PARTITION BY LIST (n);
CREATE TABLE numbers_itself PARTITION OF numbered FOR VALUES IN (1);
CREATE TABLE keyed (id int PRIMARY KEY, n text) PARTITION BY LIST (id);
CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES IN (1);

-- its parent goes, and another one takes the place in the same tree
CREATE TABLE regrouped (id int, n int, a int, b text, gone int) PARTITION BY LIST (n);
CREATE TABLE one_group PARTITION OF regrouped FOR VALUES IN (1) PARTITION BY HASH (id);
CREATE TABLE grouped PARTITION OF one_group FOR VALUES WITH (MODULUS 2, REMAINDER 0);

-- its parent's key and foreign key go, and it keeps its own
CREATE TABLE told (id int PRIMARY KEY);
CREATE TABLE tells (id int, a int, CONSTRAINT tells_key UNIQUE (a, id), CONSTRAINT told FOREIGN KEY (a) REFERENCES told)
  PARTITION BY LIST (id);
CREATE TABLE tells_still PARTITION OF tells FOR VALUES IN (2, 3);
ALTER TABLE tells_still RENAME CONSTRAINT tells_still_a_id_key TO own_key;

-- a parent loses what they never had, another gets what they never will have
CREATE TABLE had_more (id int, more text) PARTITION BY LIST (id);
CREATE TABLE comes (id int);
CREATE TABLE gets_more_later (id int) PARTITION BY LIST (id);
CREATE TABLE goes_there PARTITION OF gets_more_later FOR VALUES IN (2);

CREATE TABLE watched (id int, b int) PARTITION BY LIST (id);
ALTER TABLE watched ADD CONSTRAINT positive CHECK (b > 0) NOT VALID;
CREATE TABLE watched_1 PARTITION OF watched FOR VALUES IN (1);
CREATE TABLE unwatched (id int, b int) PARTITION BY LIST (id);
ALTER TABLE unwatched ADD CONSTRAINT positive CHECK (b > 0);
CREATE TABLE watched_2 PARTITION OF unwatched FOR VALUES IN (1);
