-- one row per dialogue of the batch, with what the suite `synthetic_dialogues` looks at
with
spoken as (
    select
        turns.play_key,
        count(*) as n_kept,
        count(distinct turns.role) filter (where turns.role in ('seeker', 'recommender')) as n_speakers
    from simulate.members
    inner join play.turns using (play_key)
    where members.batch_key = $batch_key
    group by turns.play_key
)
select
    dialogues.play_key,
    dialogues.scenario_id,
    dialogues.dialogue_id,
    dialogues.target,
    dialogues.mode,
    dialogues.status,
    dialogues.reason,
    dialogues.title_in_prompt,
    dialogues.n_turns,
    dialogues.n_cut,
    dialogues.reason = 'role_flip' as role_flip,
    coalesce(spoken.n_speakers, 0) = 2 as holds_both,
    coalesce(spoken.n_kept, 0) = dialogues.n_turns as n_turns_agrees
from simulate.members
inner join play.dialogues using (play_key)
left join spoken using (play_key)
where members.batch_key = $batch_key
order by dialogues.play_key
