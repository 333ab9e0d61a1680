with
wanted as (
    select distinct unnest($play_keys::text[]) as play_key
)
select
    dialogues.play_key,
    dialogues.mode,
    dialogues.scenario_id,
    dialogues.dialogue_id,
    dialogues.genome_digest,
    dialogues.replicate,
    dialogues.recommender,
    dialogues.model,
    dialogues.engine,
    dialogues.status,
    dialogues.reason,
    dialogues.stratum,
    dialogues.item_id,
    dialogues.target,
    dialogues.title_in_prompt,
    dialogues.n_turns,
    dialogues.n_tokens,
    dialogues.work_tokens,
    dialogues.n_stripped,
    dialogues.n_redone,
    dialogues.n_unchecked,
    dialogues.n_cut,
    dialogues.n_normalised,
    dialogues.n_recounted,
    dialogues.n_prompts_cut,
    dialogues.asked_again
from play.dialogues
inner join wanted using (play_key)
order by dialogues.play_key
