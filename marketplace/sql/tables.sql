-- What the models cannot say. Reverse: the tables go with their migration, the functions with their schema.

create trigger append_only before update or delete or truncate on public.marketplace_sellercommission
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.marketplace_taxrate
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.marketplace_orderitem
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.marketplace_orderchange
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.marketplace_ordermove
    for each statement execute function core.append_only();

-- A category's path is its parent's, and its slug. Nobody has the right to change either.
create function marketplace.path_of_category() returns trigger
language plpgsql set search_path = '' as $$
declare
    v_above text;
begin
    if new.parent_id is not null then
        select c.path || '/' into strict v_above from public.marketplace_category c where c.id = new.parent_id;
    end if;
    new.path := coalesce(v_above, '') || new.slug;
    if new.slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$' or array_length(string_to_array(new.path, '/'), 1) > 5 then
        raise exception using errcode = '23514', constraint = 'category_path', message = 'such a path is not made',
            hint = 'A slug is small letters and digits with hyphens between; five categories stand under one another.';
    end if;
    return new;
end
$$;
create trigger path before insert on public.marketplace_category
    for each row execute function marketplace.path_of_category();

-- What a search finds a product by: its title before its description, without accents.
create function marketplace.words_of(p_title text, p_description text) returns tsvector
language sql stable set search_path = ''
return setweight(to_tsvector('pg_catalog.english', public.unaccent(p_title)), 'A')
    || setweight(to_tsvector('pg_catalog.english', public.unaccent(p_description)), 'C');

create function marketplace.keep_words() returns trigger
language plpgsql set search_path = '' as $$
begin
    new.words := marketplace.words_of(new.title, new.description);
    return new;
end
$$;
create trigger words before insert or update of title, description, words on public.marketplace_product
    for each row execute function marketplace.keep_words();

-- A variant is its product's seller's; its options are at most three names, each with one short value.
create function marketplace.check_variant() returns trigger
language plpgsql set search_path = '' as $$
begin
    if tg_op = 'INSERT' then
        select p.seller_id into strict new.seller_id from public.marketplace_product p where p.id = new.product_id;
    end if;
    if jsonb_typeof(new.options) <> 'object' or (select count(*) from jsonb_object_keys(new.options)) > 3 or exists (
        select from jsonb_each(new.options) o
        where o.key !~ '^\S(.{0,28}\S)?$' or jsonb_typeof(o.value) <> 'string' or (o.value #>> '{}') !~ '^\S(.{0,58}\S)?$'
    ) then
        raise exception using errcode = '23514', constraint = 'variant_options', message = 'such options are none';
    end if;
    return new;
end
$$;
create trigger checked before insert or update of options on public.marketplace_variant
    for each row execute function marketplace.check_variant();

-- The least that an open variant of a product costs on a day. Null where none has a price: such a product is not on sale.
create function marketplace.lowest_price(p_product uuid, p_on date) returns bigint
language sql stable set search_path = ''
return (
    select min(p.amount) from public.marketplace_price p join public.marketplace_variant v on v.id = p.variant_id
    where v.product_id = p_product and v.is_open and p.valid @> p_on
);

-- Keeps the mean of the reviews that are shown.
create function marketplace.keep_stars() returns trigger
language plpgsql set search_path = '' as $$
begin
    perform from public.marketplace_product p where p.id = new.product_id for no key update;
    update public.marketplace_product p set stars = s.stars, reviews_count = s.many
    from (
        select round(avg(r.stars), 2) as stars, count(*) as many from public.marketplace_review r
        where r.product_id = new.product_id and r.state = 'SHOWN'
    ) s where p.id = new.product_id;
    return null;
end
$$;
create trigger stars after insert or update of stars, state on public.marketplace_review
    for each row execute function marketplace.keep_stars();
