-- prompts of a dialogue that a server is known to have cut; null where it was played before they were counted
alter table play.dialogues add column n_prompts_cut integer;
