-- what a critic was asked in a place of a generation, and what it answered
create table optimize.treatments (
    run_key text not null,
    generation integer not null,
    place integer not null,
    operator text not null,
    objective text not null,
    parents text[] not null,
    evidence json not null,
    fault text not null,
    section text not null,
    text text not null,
    reason text not null,
    n_tokens bigint not null,
    primary key (run_key, generation, place)
);

-- what each operator brought in a generation, and how often it is drawn in the next
create table optimize.yields (
    run_key text not null,
    generation integer not null,
    operator text not null,
    n_children double not null,
    gain double not null,
    n_tokens double not null,
    n_dialogues double not null,
    rate double not null,
    chance double not null,
    primary key (run_key, generation, operator)
);

-- an objective over half-samples, for fronts by probability
create table optimize.replicates (
    evaluation_key text not null,
    objective text not null,
    replicates double[] not null,
    primary key (evaluation_key, objective)
);

-- candidates that were held against the survivors after a part of the panel; `evaluation_key` is that part's
create table optimize.races (
    run_key text not null,
    generation integer not null,
    genome_digest text not null,
    evaluation_key text not null,
    p_dominated double,
    dropped boolean not null,
    n_dialogues bigint not null,
    n_tokens bigint not null,
    primary key (run_key, generation, genome_digest)
);

alter table optimize.candidates add column n_critic_tokens bigint default 0;
alter table optimize.candidates add column place integer;
alter table optimize.generations add column archive_hypervolume double;
alter table optimize.generations add column gain_bound double;
alter table optimize.outcomes add column p_dominates_seed double;
alter table optimize.fronts add column p_dominated double;
