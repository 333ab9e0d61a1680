-- dialogues whose prompt has a verifier, and what it did; null where it was not recorded for one of them
with
checked as (
    select dialogues.play_key, dialogues.n_redone, dialogues.n_unchecked
    from play.dialogues
    inner join play.genomes using (genome_digest)
    where (genomes.genome ->> '$.controls.verifier') = 'true'
),
said as (
    select count(*) as n_turns
    from play.turns
    semi join checked using (play_key)
    where turns.role = 'seeker'
)
select
    count(play_key) as n_dialogues,
    any_value(said.n_turns) as n_turns,
    case when count(play_key) = count(n_redone) then coalesce(sum(n_redone), 0) end::bigint as n_redone,
    case when count(play_key) = count(n_unchecked) then coalesce(sum(n_unchecked), 0) end::bigint as n_unchecked
from said
left join checked on true
