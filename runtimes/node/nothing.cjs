// Required by stems, to have required something.
'use strict';
