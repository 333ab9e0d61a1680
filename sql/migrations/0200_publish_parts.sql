-- the parts of a release and what each row says of itself; of releases of before nobody recorded it
alter table publish.dialogues add column split text;
alter table publish.dialogues add column seeker integer;
alter table publish.turns add column reaction text;
alter table publish.turns add column engine text;
alter table publish.turns add column split text;
alter table publish.examples add column engine text;
alter table publish.examples add column split text;

create table publish.items (
    name text not null,
    version integer not null,
    item_id text not null,
    title text not null,
    year integer,
    genres text[] not null,
    primary key (name, version, item_id)
);
