create schema simulate;

create table simulate.batches (
    batch_key text primary key,
    batch text not null,
    dataset text not null,
    profile_key text not null,
    genome_digest text not null,
    recommender text not null,
    model text not null,
    engine text not null,
    seed bigint not null,
    evaluation_key text not null,
    n_dialogues bigint not null,
    n_missing bigint not null,
    n_tokens bigint not null
);

create table simulate.members (
    batch_key text not null,
    play_key text not null,
    primary key (batch_key, play_key)
);
