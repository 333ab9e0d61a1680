-- one commission may ask for several rewritings, one after the other
drop table optimize.treatments;

create table optimize.commissions (
    run_key text not null,
    generation integer not null,
    place integer not null,
    operator text not null,
    parents text[] not null,
    objectives text[] not null,
    section text not null,
    reason text not null,
    n_tokens bigint not null,
    primary key (run_key, generation, place)
);

-- `evidence`: what the critic was shown of the objective
create table optimize.rewritings (
    run_key text not null,
    generation integer not null,
    place integer not null,
    step integer not null,
    objective text not null,
    evidence json not null,
    fault text not null,
    section text not null,
    text text not null,
    n_tokens bigint not null,
    primary key (run_key, generation, place, step)
);
