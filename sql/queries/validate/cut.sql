-- the dialogues of a batch that hold a turn which a limit on length has cut; null where it was not recorded for one of them
select
    count(*)::bigint as n_dialogues,
    case when count(*) = count(dialogues.n_cut) then count(*) filter (where dialogues.n_cut > 0) end::bigint as n_cut
from simulate.members
inner join play.dialogues using (play_key)
where members.batch_key = $batch_key
