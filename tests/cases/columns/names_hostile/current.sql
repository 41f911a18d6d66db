CREATE SCHEMA "sel ect"; CREATE TABLE "sel ect"."ta""ble" ("from" int, "ä ö" text, "UPPER" int);
