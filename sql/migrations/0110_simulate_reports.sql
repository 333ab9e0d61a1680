-- what each batch is to play, so that its report can be played later and be compared with the reports of earlier batches; nothing is
-- recorded of batches that were made before
create table simulate.panels (
    batch_key text not null,
    kind text not null,
    position integer not null,
    piece text not null,
    replicate bigint not null,
    primary key (batch_key, kind, position)
);

-- the report of a batch, once its replays are played
create table simulate.reports (
    batch_key text primary key,
    engine text not null,
    n_replays bigint not null,
    n_missing bigint not null
);

-- the model of the second look at a reply, empty where it is the seeker's own
alter table simulate.batches add column verifier text;

-- who played the dialogues and the report of a batch
create view simulate.engines as
with named as (
    select
        batch_key,
        unnest(string_split(engine, '+')) as name
    from simulate.batches
    union
    select
        batch_key,
        unnest(string_split(engine, '+')) as name
    from simulate.reports
)
select
    batch_key,
    coalesce(string_agg(name, '+' order by name) filter (where name not in ('', 'none')), 'none') as engine
from named
group by batch_key;
