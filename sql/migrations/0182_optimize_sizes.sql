-- what `--auto` chose for a command, its settings, models and caps: the same command goes on at the size that it began with
create table optimize.sizes (
    size_key text primary key,
    config json not null,
    size json not null,
    cost json not null
);
