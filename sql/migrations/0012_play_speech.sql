-- what was taken out of the seeker's replies and what a second model turned down; null where it was played before they were counted
alter table play.dialogues add column n_stripped integer;
alter table play.dialogues add column n_redone integer;
alter table play.dialogues add column n_unchecked integer;

-- asked after a dialogue, often long after it was played, and by several models: so not a column of play.dialogues.
-- `satisfaction` is 1 to 5; null with the reason where there was no valid answer
create table play.satisfactions (
    satisfaction_key text primary key,
    play_key text not null,
    model text not null,
    satisfaction integer,
    reason text not null
);
