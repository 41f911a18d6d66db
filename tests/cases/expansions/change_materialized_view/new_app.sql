SELECT n, total FROM counts;
