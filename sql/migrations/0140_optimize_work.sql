-- what playing a candidate and asking the critic for it took, in the same unit; null where it was done before this was counted
alter table optimize.evaluations add column work_tokens bigint;
alter table optimize.races add column work_tokens bigint;
alter table optimize.candidates add column critic_work_tokens bigint;
alter table optimize.commissions add column work_tokens bigint;
alter table optimize.commissions add column n_shortened integer;
