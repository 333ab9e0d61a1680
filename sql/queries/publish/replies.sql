-- what was done to the replies behind a release; null where it was not recorded for one of its dialogues
with
kept as (
    select dialogues.*
    from validate.kept_members as members
    inner join play.dialogues using (play_key)
    where members.batch_key = $batch_key
)
select
    case when count(*) = count(n_stripped) then sum(n_stripped) end::bigint as n_stripped,
    case when count(*) = count(n_redone) then sum(n_redone) end::bigint as n_redone,
    case when count(*) = count(n_unchecked) then sum(n_unchecked) end::bigint as n_unchecked,
    case when count(*) = count(n_cut) then sum(n_cut) end::bigint as n_cut,
    case when count(*) = count(n_normalised) then sum(n_normalised) end::bigint as n_normalised,
    case when count(*) = count(n_recounted) then sum(n_recounted) end::bigint as n_recounted,
    case when count(*) = count(n_prompts_cut) then sum(n_prompts_cut) end::bigint as n_prompts_cut
from kept
