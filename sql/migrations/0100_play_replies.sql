-- what was done to a reply before it was kept, and where its tokens come from; null where it was kept before they were recorded
alter table play.completions add column n_normalised bigint;
alter table play.completions add column n_cut_bytes bigint;
alter table play.completions add column usage text;

-- an empty reply is no answer any more: what it cost stays, and its key is free for the answer to come
update play.completions
set completion_key = 'empty-' || completion_key
where trim(text) = '';

-- what a call without a reply has cost: null tokens with `may_be_charged` are known to nobody; all null is from before
alter table play.settlements add column may_be_charged boolean;
alter table play.settlements add column tokens bigint;
alter table play.settlements add column usd double;
