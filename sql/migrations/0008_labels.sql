-- labels, ratings and titles found in text; the licence stands beside whatever came from a source

create table ingest.labels (
    dataset text not null,
    dialogue_id text not null,
    labels_sha256 text not null,
    position integer not null,
    turn_index integer,
    name text not null,
    value text not null,
    annotator text not null,
    source_sha256 text not null,
    licence text not null,
    primary key (dataset, dialogue_id, labels_sha256, position)
);

create table ingest.ratings (
    dataset text not null,
    user_id text not null,
    item_id text not null,
    value double not null,
    rated_at bigint,
    source_sha256 text not null,
    licence text not null
);

create table ingest.links (
    dataset text not null,
    dialogue_id text not null,
    turn_index integer not null,
    item_ids text[] not null,
    primary key (dataset, dialogue_id, turn_index)
);

alter table ingest.items add column licence text default 'unknown';
alter table ingest.dialogues add column is_annotation boolean default false;
alter table ingest.dialogues add column is_tagged boolean default true;

-- the turns and forms of a dialogue come and go with it, and its own key says whether it is there: two indices less to hold in
-- memory while millions of turns are read
create table ingest.keyless_turns as
select * from ingest.turns;

drop table ingest.turns;

alter table ingest.keyless_turns rename to turns;

create table ingest.keyless_mentions as
select * from ingest.mentions;

drop table ingest.mentions;

alter table ingest.keyless_mentions rename to mentions;

-- turns with the items they name, as their log has tagged them or as titles were found in their text
create view ingest.named_turns as
select
    turns.dataset,
    turns.dialogue_id,
    turns.turn_index,
    turns.role,
    turns.text,
    turns.n_messages,
    list_concat(turns.item_ids, coalesce(links.item_ids, [])) as item_ids
from ingest.turns
left join ingest.links using (dataset, dialogue_id, turn_index);
