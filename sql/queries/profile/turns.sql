select
    splits.split,
    turns.dialogue_id,
    splits.seeker_id,
    dialogues.recommender_id,
    turns.turn_index,
    turns.role,
    turns.text,
    turns.n_messages,
    turns.item_ids,
    lending.dialogue_id is not null as lends_text
from profile.profiles
inner join profile.splits on profiles.profile_key = splits.profile_key
inner join ingest.dialogues on profiles.dataset = dialogues.dataset and splits.dialogue_id = dialogues.dialogue_id
inner join ingest.named_turns as turns on profiles.dataset = turns.dataset and splits.dialogue_id = turns.dialogue_id
left join ingest.lending_dialogues as lending on profiles.dataset = lending.dataset and splits.dialogue_id = lending.dialogue_id
where profiles.profile_key = $profile_key and ($split is null or splits.split = $split)
order by turns.dialogue_id, turns.turn_index
