-- a night of the whole pipeline: when it began, which batch it plays, and as which run it calls models.
-- one without an end is still at work, or its process died; the next night, which has the store to itself, writes that down
create table publish.nights (
    night_id text primary key,
    dataset text not null,
    batch text not null,
    run_id text not null,
    began_at timestamp not null
);

create table publish.night_ends (
    night_id text primary key,
    outcome text not null,
    reason text not null,
    batch_key text,
    release_name text,
    release_version integer,
    -- null where the process died
    ended_at timestamp
);
