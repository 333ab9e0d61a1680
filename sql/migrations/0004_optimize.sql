create schema optimize;

create table optimize.runs (
    run_key text primary key,
    profile_key text not null,
    setting text not null,
    algorithm text not null,
    model text not null,
    seed bigint not null,
    config json not null
);

create table optimize.candidates (
    run_key text not null,
    generation integer not null,
    position integer not null,
    genome_digest text not null,
    operator text not null,
    parents text[] not null,
    status text not null,
    reason text not null,
    primary key (run_key, generation, position)
);

create table optimize.evaluations (
    evaluation_key text primary key,
    genome_digest text not null,
    profile_key text not null,
    split text not null,
    panel_key text not null,
    model text not null,
    objectives json not null,
    leakage json not null,
    diagnostics json not null,
    n_dialogues bigint not null,
    n_missing bigint not null,
    n_tokens bigint not null
);

create table optimize.generations (
    run_key text not null,
    generation integer not null,
    survivors text[] not null,
    front text[] not null,
    hypervolume double not null,
    n_dialogues bigint not null,
    primary key (run_key, generation)
);

-- one row per finished search: the same run may be carried on to more generations or picked by other weights
create table optimize.outcomes (
    outcome_key text primary key,
    run_key text not null,
    n_generations integer not null,
    stopped text not null,
    front_digest text not null,
    genome_digest text not null,
    dominates_seed boolean not null,
    hypervolume double
);

create table optimize.fronts (
    outcome_key text not null,
    genome_digest text not null,
    evaluation_key text not null,
    on_front boolean not null,
    picked boolean not null,
    primary key (outcome_key, genome_digest)
);

create table optimize.test_uses (
    use_key text primary key,
    profile_key text not null,
    genome_digest text not null,
    purpose text not null
);
