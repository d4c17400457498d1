insert into made_by_init values (1);
