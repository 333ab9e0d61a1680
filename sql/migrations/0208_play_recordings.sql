-- calls that ended without a reply, by their key, so that whoever plays a recording again gets them again as missing
create table play.failures (
    completion_key text primary key,
    reason text not null,
    run_id text not null,
    made_at timestamp not null
);

-- the machine on which a run asked its models; of runs from before this was looked at there is no row
create table play.machines (
    run_id text primary key,
    processor text not null,
    n_cores integer not null,
    memory_bytes bigint,
    system text not null
);
