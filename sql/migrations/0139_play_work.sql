-- what the calls behind a dialogue took of the seeker's model, in computed tokens of a prompt, a written token counting five of them;
-- null where it was played before this was counted
alter table play.dialogues add column work_tokens bigint;
