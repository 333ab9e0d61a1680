-- turns of a dialogue that a limit on length has cut, characters of its turns that were replaced or removed, and seeker's replies
-- whose tokens were counted here since the provider's report was absent or impossible; null where it was played before they were counted
alter table play.dialogues add column n_cut integer;
alter table play.dialogues add column n_normalised bigint;
alter table play.dialogues add column n_recounted integer;
