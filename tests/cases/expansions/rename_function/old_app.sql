SELECT called(1);
