drop index public.customerhistory_phone;
drop index public.kyc_document_parts;
drop function public.accounts_picture_parts(bigint);
drop trigger two_people on public.accounts_kycapplication;
drop function public.accounts_kyc_two_guard();
drop trigger guard on public.accounts_kycdecision;
drop function public.accounts_kyc_decision_guard();
