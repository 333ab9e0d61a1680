create schema ingest;

create table ingest.sources (
    source_sha256 text not null,
    dataset text not null,
    reader text not null,
    reader_version integer not null,
    licence text not null,
    n_records bigint not null,
    n_dialogues bigint not null,
    n_items bigint not null,
    n_messages bigint not null,
    n_duplicates bigint not null,
    n_rejects bigint not null,
    n_attached bigint not null,
    primary key (dataset, source_sha256)
);

create table ingest.dialogues (
    dataset text not null,
    dialogue_id text not null,
    content_sha256 text not null,
    source_sha256 text not null,
    licence text not null,
    seeker_id text,
    recommender_id text,
    official_split text,
    n_messages integer not null,
    n_turns integer not null,
    primary key (dataset, dialogue_id)
);

create table ingest.turns (
    dataset text not null,
    dialogue_id text not null,
    turn_index integer not null,
    role text not null,
    text text not null,
    n_messages integer not null,
    item_ids text[] not null,
    primary key (dataset, dialogue_id, turn_index)
);

create table ingest.items (
    dataset text not null,
    item_id text not null,
    title text not null,
    year integer,
    genres text[] not null,
    people text[] not null,
    plot text not null,
    aliases text[] not null,
    primary key (dataset, item_id)
);

create table ingest.mentions (
    dataset text not null,
    dialogue_id text not null,
    item_id text not null,
    suggested boolean,
    seen boolean,
    liked boolean,
    primary key (dataset, dialogue_id, item_id)
);

create table ingest.rejects (
    dataset text not null,
    source_sha256 text not null,
    file text not null,
    record bigint not null,
    reason text not null,
    excerpt text not null,
    primary key (dataset, source_sha256, file, record, reason)
);
