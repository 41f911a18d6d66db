SELECT called(1, 2);
