-- for which piece of work the calls of a process were made: those between this mark and the next one of the same run.
-- `owner` is the study that pays for the whole run, empty where there is none; a mark without `work` ends the one before it
create table play.marks (
    run_id text not null,
    position integer not null,
    owner text not null,
    work text not null,
    made_at timestamp not null,
    primary key (run_id, position)
);
