% geometry.m: a geometry file in Octave (load) or MATLAB (h5read).   octave-cli geometry.m GEOMETRY.h5
arguments = argv ();
f = load (arguments{1});               % Octave gives matrices transposed: features x classes
m = f.class.mean; w = f.class.embedding; cosine = f.class.dual_cosine(:);
printf ("classes %d, features %d\n", columns (m), rows (m));
printf ("unc3 %.10f\n", f.metric.unc3);
has = isfinite (cosine);               % a class without a direction has the cosine NaN and is left out
w = w(:, has); d = m(:, has) - f.centre(:);
s = sum (d .* w) ./ sqrt (sum (d .^ 2)) ./ sqrt (sum (w .^ 2));
printf ("recomputed %.10f\n", std (s));
[lowest, least] = min (cosine);
word = f.class.word;
if (rows (word) != columns (m)), word = word'; end
printf ("least aligned %s %.10f\n", strtrim (strrep (word(least, :), char (0), "")), lowest);
