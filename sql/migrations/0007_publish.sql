create schema publish;

create table publish.releases (
    name text not null,
    version integer not null,
    digest text not null,
    batch_key text not null,
    dataset text not null,
    licence text not null,
    engine text not null,
    n_dialogues bigint not null,
    n_turns bigint not null,
    n_examples bigint not null,
    manifest json not null,
    path text not null,
    made_at timestamp not null,
    primary key (name, version)
);

create table publish.dialogues (
    name text not null,
    version integer not null,
    dialogue_id text not null,
    scenario_id text not null,
    source_dialogue_id text not null,
    target text,
    replicate integer not null,
    engine text not null,
    n_turns integer not null,
    primary key (name, version, dialogue_id)
);

create table publish.turns (
    name text not null,
    version integer not null,
    dialogue_id text not null,
    turn_index integer not null,
    role text not null,
    text text not null,
    item_ids text[] not null,
    ranked_ids text[] not null,
    primary key (name, version, dialogue_id, turn_index)
);

create table publish.examples (
    name text not null,
    version integer not null,
    example_id text not null,
    dialogue_id text not null,
    form text not null,
    messages json not null,
    primary key (name, version, example_id)
);

create table publish.retractions (
    name text not null,
    version integer not null,
    reason text not null,
    primary key (name, version)
);
