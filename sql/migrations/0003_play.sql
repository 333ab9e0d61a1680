create schema play;

create table play.reservations (
    reservation_id text primary key,
    completion_key text not null,
    max_tokens bigint not null,
    max_usd double,
    run_id text not null,
    made_at timestamp not null
);

-- how a reservation ended; one without a settlement was in flight when its process died, and is `unknown`
create table play.settlements (
    reservation_id text primary key,
    outcome text not null,
    reason text not null,
    run_id text not null,
    made_at timestamp not null
);

create table play.completions (
    completion_key text primary key,
    role text not null,
    model text not null,
    reported_model text not null,
    engine text not null,
    text text not null,
    finish_reason text not null,
    fingerprint text not null,
    prompt_tokens bigint not null,
    completion_tokens bigint not null,
    intended_act text,
    usd double,
    latency_s double not null,
    made_at timestamp not null
);

create table play.genomes (
    genome_digest text primary key,
    setting text not null,
    genome json not null
);

create table play.dialogues (
    play_key text primary key,
    profile_key text not null,
    mode text not null,
    scenario_id text not null,
    dialogue_id text not null,
    genome_digest text not null,
    replicate integer not null,
    recommender text not null,
    model text not null,
    engine text not null,
    status text not null,
    reason text not null,
    stratum text,
    item_id text,
    target text,
    title_in_prompt boolean not null,
    n_turns integer not null,
    n_tokens bigint not null
);

create table play.turns (
    play_key text not null,
    turn_index integer not null,
    role text not null,
    text text not null,
    item_ids text[] not null,
    ranked_ids text[] not null,
    primary key (play_key, turn_index)
);
