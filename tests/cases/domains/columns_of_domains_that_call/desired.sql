CREATE FUNCTION is_mail(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 IS NULL OR $1 LIKE '%@%' $$;
CREATE DOMAIN mail AS text CHECK (is_mail(VALUE));
CREATE DOMAIN short_mail AS mail CHECK (length(VALUE) < 19);
CREATE TABLE added (id int PRIMARY KEY, a mail, b short_mail);
CREATE TABLE retyped (id int PRIMARY KEY, a short_mail);

CREATE TABLE goes (id int PRIMARY KEY);
