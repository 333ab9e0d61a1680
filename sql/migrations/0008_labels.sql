-- labels, ratings and titles found in text; the licence stands beside whatever came from a source

create table ingest.labels (
    dataset text not null,
    dialogue_id text not null,
    position integer not null,
    turn_index integer,
    name text not null,
    value text not null,
    annotator text not null,
    source_sha256 text not null,
    licence text not null,
    primary key (dataset, dialogue_id, source_sha256, position)
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
    item_ids text[] not null
);

alter table ingest.items add column licence text default 'unknown';
alter table ingest.dialogues add column is_annotation boolean default false;
