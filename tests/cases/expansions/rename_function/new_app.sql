SELECT name_of(1);
