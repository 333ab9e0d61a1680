-- whether the server reports so few tokens of the prompt that it must have cut it; null where the reply was kept before this was looked at
alter table play.completions add column prompt_is_cut boolean;
