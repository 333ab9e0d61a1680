-- the local weights behind a batch and whether their replies can be had again, as JSON; as it was when the batch was played, since its
-- release must not change when the same weights are later served otherwise. NULL: not recorded
alter table simulate.batches add column local_models text;
