-- one row of plain counts, means and shares of a data set's human dialogues; sd with n - 1; without forms their counts are not known
with dialogues as (
    select
        dialogues.dialogue_id,
        dialogues.n_messages,
        dialogues.n_turns
    from ingest.dialogues
    where dialogues.dataset = $dataset
),
seeker_turns as (
    select
        dialogue_id,
        count(*) as n
    from ingest.turns
    where dataset = $dataset and role = 'seeker'
    group by dialogue_id
),
lengths as (
    select
        count(*)::bigint as n_dialogues,
        avg(dialogues.n_messages) as messages_mean,
        stddev_samp(dialogues.n_messages) as messages_sd,
        avg(dialogues.n_turns) as turns_mean,
        stddev_samp(dialogues.n_turns) as turns_sd,
        avg(coalesce(seeker_turns.n, 0)) as seeker_turns_mean,
        stddev_samp(coalesce(seeker_turns.n, 0)) as seeker_turns_sd
    from dialogues
    left join seeker_turns using (dialogue_id)
),
forms as (
    select
        case when count(suggested) > 0 then (count(*) filter (where suggested))::bigint end as n_suggested,
        case when count(suggested) > 0 then (count(*) filter (where suggested and liked))::bigint end as n_suggested_liked,
        case when count(suggested) > 0 then (count(*) filter (where suggested and not liked))::bigint end as n_suggested_disliked,
        case when count(suggested) > 0 then (count(*) filter (where suggested and liked is null))::bigint end as n_suggested_unstated,
        case when count(suggested) > 0 then (count(*) filter (where not suggested))::bigint end as n_mentioned,
        case when count(suggested) > 0 then (count(*) filter (where not suggested and liked))::bigint end as n_mentioned_liked,
        case when count(suggested) > 0 then (count(*) filter (where not suggested and not liked))::bigint end as n_mentioned_disliked,
        case when count(suggested) > 0 then (count(*) filter (where not suggested and liked is null))::bigint end as n_mentioned_unstated,
        case when count(suggested) > 0 then (count(distinct dialogue_id) filter (where not liked))::bigint end as n_dialogues_with_disliked
    from ingest.mentions
    where dataset = $dataset
),
named as (
    select unnest(item_ids) as item_id
    from ingest.named_turns
    where dataset = $dataset
),
frequencies as (
    select
        item_id,
        count(*) as n
    from named
    group by item_id
),
titles as (
    select
        coalesce(sum(n), 0)::bigint as n_named,
        count(*)::bigint as n_named_items,
        -sum(n / total * log2(n / total)) as named_entropy_bits
    from frequencies, (select sum(n) as total from frequencies)
)
select
    lengths.n_dialogues,
    lengths.messages_mean,
    lengths.messages_sd,
    lengths.turns_mean,
    lengths.turns_sd,
    lengths.seeker_turns_mean,
    lengths.seeker_turns_sd,
    forms.n_suggested,
    forms.n_suggested_liked,
    forms.n_suggested_disliked,
    forms.n_suggested_unstated,
    forms.n_mentioned,
    forms.n_mentioned_liked,
    forms.n_mentioned_disliked,
    forms.n_mentioned_unstated,
    forms.n_dialogues_with_disliked,
    titles.n_named,
    titles.n_named_items,
    titles.named_entropy_bits
from lengths, forms, titles
